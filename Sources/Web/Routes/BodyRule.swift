import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// The type and size of the body that a route accepts.
package enum BodyRule: Sendable, Hashable {
    /// No body; one that is sent anyway is read and discarded.
    case none
    /// A form of the type `application/x-www-form-urlencoded`.
    case form(limit: Int = standardLimit)
    /// JSON of the type `application/json`.
    case json(limit: Int = standardLimit)
    /// Bytes of any type, which the handler parses.
    case bytes(limit: Int = standardLimit)

    /// The maximum size of a body in bytes, where the route sets no other.
    package static let standardLimit = 64 * 1024

    /// The bytes of the request's body, checked by this rule.
    ///
    /// A `Content-Length` above the limit is refused before any byte of the body is read.
    func read(_ request: Request, _ context: WebContext) async throws -> [UInt8] {
        switch self {
        case .none:
            // A body that is announced must arrive completely; otherwise the request is malformed.
            if Self.announcesBody(request) { _ = try await Self.collect(request, context, Self.standardLimit) }
            return []
        case .form(let limit):
            guard Self.type(of: request, is: "application/x-www-form-urlencoded") else { throw Refusal.notAForm }
            return try await Self.collect(request, context, limit)
        case .json(let limit):
            guard Self.type(of: request, is: "application/json") else { throw Refusal.notJSON }
            return try await Self.collect(request, context, limit)
        case .bytes(let limit):
            return try await Self.collect(request, context, limit)
        }
    }

    private static func type(of request: Request, is expected: String) -> Bool {
        guard let type = request.headers[.contentType] else { return false }
        // The fast path: nearly all clients send exactly this text.
        if type == expected { return true }
        return type.split(separator: ";").first?.lowercased().filter { $0 != " " } == expected
    }

    private static func announcesBody(_ request: Request) -> Bool {
        request.headers[.contentLength].map { $0 != "0" } ?? request.headers.contains(.transferEncoding)
    }

    private static func collect(_ request: Request, _ context: WebContext, _ limit: Int) async throws -> [UInt8] {
        if let announced = request.headers[.contentLength], Int(announced).map({ $0 > limit }) ?? true {
            throw Refusal.bodyTooLarge
        }
        if request.headers.contains(.expect) { context.askForBody() }
        do {
            let buffer = try await request.body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Refusal.bodyTooLarge
        } catch is HTTPParserError {
            throw Refusal.malformedMessage
        }
    }
}
