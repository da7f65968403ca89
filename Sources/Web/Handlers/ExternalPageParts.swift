import AuthorizationServer
import OAuth

extension ElicitationPage.Destination {
    /// Where an `external` leads; nil for the other kinds.
    init?(_ part: any ElicitationSection) {
        guard let site = part as? ExternalSite else { return nil }
        self.init(host: site.url.host, address: site.url.text, isThere: site.isThere)
    }
}
