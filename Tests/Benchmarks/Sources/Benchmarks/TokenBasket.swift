import NIOCore
import Synchronization

/// Access tokens that one load found, for the next.
final class TokenBasket: Sendable {
    private let tokens = Mutex<[String]>([])
    private let most: Int

    init(most: Int) { self.most = most }

    var all: [String] { tokens.withLock { $0 } }

    func keep(_ token: String) {
        tokens.withLock { tokens in
            if tokens.count < most { tokens.append(token) }
        }
    }

    /// The text of a member of an answer, which Gatehouse writes without blanks.
    static func member(_ name: String, of body: ByteBufferView) -> String? {
        guard let start = body.firstRange(of: Array("\"\(name)\":\"".utf8)) else { return nil }
        return String(decoding: body[start.upperBound...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }
}
