import HTTPTypes
package import Hummingbird
import NIOCore

extension Request {
    /// The most that a body may hold.
    package static var maximumBodyLength: Int { 64 * 1024 }

    /// The bytes of a form, at most 64 KiB; any other content type is refused.
    package func formBytes() async throws -> [UInt8] {
        guard let type = headers[.contentType], Self.isForm(type) else { throw Refusal.notAForm }
        return try await bodyBytes()
    }

    /// The bytes of a JSON body, at most 64 KiB; any other content type is refused.
    package func jsonBytes() async throws -> [UInt8] {
        guard let type = headers[.contentType]?.split(separator: ";").first,
            type.lowercased().filter({ $0 != " " }) == "application/json"
        else { throw Refusal.notJSON }
        return try await bodyBytes()
    }

    private static func isForm(_ type: String) -> Bool {
        let form = "application/x-www-form-urlencoded"
        // Nearly everybody writes it like this.
        if type == form { return true }
        return type.split(separator: ";").first?.lowercased().filter { $0 != " " } == form
    }

    /// The bytes of the body, at most 64 KiB; a length that is announced as more is refused unread.
    package func bodyBytes() async throws -> [UInt8] {
        if let announced = headers[.contentLength], Int(announced).map({ $0 > Self.maximumBodyLength }) ?? true {
            throw Refusal.bodyTooLarge
        }
        do {
            let buffer = try await body.collect(upTo: Self.maximumBodyLength)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Refusal.bodyTooLarge
        }
    }
}
