import Foundation
import NIOCore

/// Token requests of a client that acts for itself, each with a new assertion.
///
/// Spec: RFC 7523 §2.2
final class Assertions: RequestSource {
    private let target: Target
    private let client: Gatehouse.KeyedService
    private let connection: Int
    private var count = 0

    init(target: Target, client: Gatehouse.KeyedService, connection: Int) {
        self.target = target
        self.client = client
        self.connection = connection
    }

    func next(after body: ByteBufferView?) -> ByteBuffer? {
        count += 1
        let claims =
            #"{"iss":"\#(client.id)","sub":"\#(client.id)","aud":"http://localhost:\#(target.port)","#
            + #""jti":"\#(client.run)-\#(connection)-\#(count)","exp":\#(time(nil) + 60)}"#
        let header = #"{"typ":"client-authentication+jwt","alg":"ES256"}"#
        guard let assertion = try? client.key.signed(header: header, claims: claims) else { return nil }
        return target.post(
            "/token",
            "grant_type=client_credentials&client_assertion_type="
                + "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=\(assertion)")
    }
}
