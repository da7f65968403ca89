import AuthorizationServer
import OAuth

/// The page that shows who asks on a device, from where and when, before anything else happens.
///
/// The button says what the user confirms, because the comparison of the codes is the only protection against a code that somebody
/// else sent.
/// Spec: RFC 8628 §5.4
package struct DeviceRequestPage: Page {
    package static let template = "device-request"
    package static let hasForm = true

    package let client: PageClient
    /// The device, as on the consent page.
    package let device: ConsentPage.Device
    /// The name of the MCP server.
    package let resource: PlainText
    /// The resource identifier.
    package let address: PlainText
    /// The username, so that the user notices a wrong account.
    package let account: PlainText
    /// The token that the form must return. It covers the code.
    package let token: PlainText

    package init(
        client: PageClient, device: ConsentPage.Device, resource: String, address: String, account: String,
        token: String
    ) {
        self.client = client
        self.device = device
        self.resource = PlainText(resource, limit: 80)
        self.address = PlainText(address, limit: 500)
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
    }

    package static let sample = DeviceRequestPage(
        client: PageClient(name: "Quill CLI", .document(host: "quill.example.com")),
        device: ConsentPage.Device(code: "WDJB-MJHT", address: "192.0.2.7", since: "2026-11-03 08:15:07 UTC"),
        resource: "Team Files", address: "https://files.example.org/mcp", account: "ada", token: "sample")
}

extension DeviceRequestPage {
    /// The page for a request.
    init(_ review: DeviceReview) {
        self.init(
            client: PageClient(review.client),
            device: ConsentPage.Device(review.device), resource: review.resourceName,
            address: review.resource.string, account: review.username, token: review.token)
    }
}

extension ConsentPage.Device {
    /// The device that waits.
    init(_ device: WaitingDevice) {
        self.init(code: device.code.shown, address: device.address, since: device.requestedAt.shownToTheSecond)
    }
}
