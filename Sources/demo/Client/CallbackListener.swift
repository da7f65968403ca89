import Hummingbird
import JOSE
import MCPClient
import NIOCore
import OAuth
import Synchronization

/// The client's loopback listener, to which browsers return with the authorization response.
///
/// Spec: RFC 8252 §7.3
final class CallbackListener: Sendable {
    /// How the client answers a browser: it starts the sign-in and shows the result.
    struct BrowserReplies: Sendable {
        /// The authorization URL.
        let begin: @Sendable () async throws -> String
        /// The text to show when the browser has returned.
        let welcome: @Sendable (OAuth.Parameters) async throws -> String
    }

    let port: Int
    private let replies = Mutex<BrowserReplies?>(nil)

    init() throws {
        port = try FreePort.find()
    }

    /// The redirect URI of the client.
    var redirect: String { "http://127.0.0.1:\(port)/callback" }
    /// The link that starts a sign-in.
    var start: String { "http://127.0.0.1:\(port)/" }

    /// Replaces the replies to browsers.
    func reply(with replies: BrowserReplies) {
        self.replies.withLock { $0 = replies }
    }

    func application(_ ready: @escaping @Sendable () -> Void) -> some ApplicationProtocol {
        let router = Router()
        router.get("/") { _, _ in
            guard let replies = self.replies.withLock({ $0 }) else { return Response(status: .notFound) }
            return Response(status: .seeOther, headers: [.location: try await replies.begin()])
        }
        router.get("/callback") { request, _ in
            guard let replies = self.replies.withLock({ $0 }) else { return Response(status: .notFound) }
            do {
                return Self.page(try await replies.welcome(try OAuth.Parameters(query: request.uri.query ?? "")))
            } catch {
                return Self.page("The sign-in failed. \(error)", status: .badRequest)
            }
        }
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in ready() }, logger: .silent)
    }

    /// A page without scripts; the text is escaped because it contains values of other parties.
    private static func page(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        let entities = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;")]
        let safe = entities.reduce(text) { $0.replacing($1.0, with: $1.1) }
        let html = """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Demo Notebook</title>
            <style>body{font:18px/1.6 system-ui;max-width:34em;margin:12vh auto;padding:0 1em}pre{white-space:pre-wrap}</style>
            <h1>Demo Notebook</h1><pre>\(safe)</pre></html>
            """
        return Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'",
            ], body: .init(byteBuffer: ByteBuffer(string: html)))
    }
}
