import JOSE
package import OAuth
import Storage

/// The device on which a client waits for its user's decision.
package struct WaitingDevice: Sendable {
    /// The digest of the device code.
    let digest: Digest
    /// The code that the device shows.
    package let code: UserCode
    /// The IP address of the device; nil where the server did not learn it.
    package let address: String?
    /// When the device asked.
    package let requestedAt: Timestamp

    init(_ request: StoredDeviceAuthorization, code: UserCode) {
        digest = request.digest
        self.code = code
        address = request.address
        requestedAt = request.createdAt
    }

    /// What audit records of a decision say.
    var remark: String { "device grant" }

    /// Where the request came from, for audit records: a personal field, which can be erased.
    var origin: String { "requested by a device at \(address ?? "an unknown address")" }

    /// The origin of the session that a user approves in a browser at this address.
    func approved(from browser: String?) -> DeviceOrigin {
        DeviceOrigin(requestedAt: requestedAt, requestedFrom: address, approvedFrom: browser)
    }
}

extension WaitingDevice {
    /// The members that an interaction keeps. The code is of use to nobody else, because the interaction has its request.
    var stored: JSONObject {
        var object: JSONObject = [
            "digest": .string(digest.base64URL), "code": .string(code.shown), "at": .integer(requestedAt.seconds),
        ]
        object["address"] = address.map(JSON.string)
        return object
    }

    /// Nil for members that cannot be read.
    init?(stored object: JSONObject) {
        guard let digest = object["digest"]?.string.flatMap({ Base64URL.decode($0) }).flatMap({ Digest(bytes: $0) }),
            let code = object["code"]?.string.flatMap({ UserCode($0) }), let seconds = object["at"]?.integer
        else { return nil }
        self.digest = digest
        self.code = code
        address = object["address"]?.string
        requestedAt = Timestamp(seconds: seconds)
    }
}
