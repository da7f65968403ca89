import Foundation
import JOSE
import OAuth

/// Whatever a client registers, its redirects are safe, its links lead to the web under TLS, and the stored form, from which a
/// public client's id derives, reads back as itself.
let registration: Property = { bytes in
    guard let request = try? RegistrationRequest(parsing: bytes),
        let registration = try? request.registration(admitting: { _ in true })
    else { return }
    let redirects = registration.redirectURIs
    demand((1...32).contains(redirects.count) && Set(redirects).count == redirects.count, "redirects")
    demand(redirects.allSatisfy { $0.kind != .loopback || $0.isLoopback }, "loopback")
    let links = [registration.uri, registration.logoURI, registration.termsURI, registration.policyURI].compactMap {
        $0
    }
    demand(links.allSatisfy { agreed($0).scheme == "https" }, "links \(links)")
    demand(registration.grantTypes.contains(.authorizationCode), "grants")
    guard let stored = try? registration.stored() else { return }
    demand(stored.count <= ClientRegistration.maximumSize, "size")
    guard let back = try? ClientRegistration(stored: stored), let again = try? back.stored() else {
        return demand(false, "the stored form is refused")
    }
    demand(again == stored, "the stored form changes when it is read")
    isOrderless(bytes, stored)
}

/// The order of the members does not change the stored form.
private func isOrderless(_ bytes: [UInt8], _ stored: [UInt8]) {
    guard let object = try? JSONObject(parsing: bytes) else { return demand(false, "read as JSON and not again") }
    var reversed = JSONObject()
    for (name, value) in object.members.reversed() { reversed[name] = value }
    let other = try? RegistrationRequest(parsing: reversed.bytes).registration(admitting: { _ in true }).stored()
    // Escapes may make a request longer than the limit when it is written anew.
    demand(other == stored || reversed.bytes.count > 65_536, "another form in another order")
}
