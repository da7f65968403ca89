import Logging
import NIOCore
import NIOPosix
import ServerSupport
import TestSupport
import Web

/// Bytes to and from a listener, exactly as a test writes them.
enum Wire {
    /// Where a test sends its bytes.
    enum Place {
        case port(Int)
        case socket(String)
    }

    /// What a test does with a connection, one after the other.
    enum Step {
        /// Writes the text in a packet of its own.
        case send(String)
        /// Reads until the response so far ends with this text.
        case hear(String)
        /// Sends nothing more.
        case finish
    }

    /// Writes the text, and the rest after a first response, and reads until the peer closes.
    static func exchange(_ place: Place, _ text: String, then later: String? = nil) async throws -> String {
        try await converse(place, [.send(text)] + (later.map { [.hear(""), .send($0)] } ?? []))
    }

    /// Takes the steps, and reads until the other side closes; the whole answer.
    static func converse(_ place: Place, _ steps: [Step]) async throws -> String {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        let setup: @Sendable (any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
        let channel =
            switch place {
            case .port(let port):
                try await bootstrap.connect(host: "127.0.0.1", port: port, channelInitializer: setup)
            case .socket(let path):
                try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: setup)
            }
        return try await channel.executeThenClose { inbound, outbound in
            var answer = ""
            var parts = inbound.makeAsyncIterator()
            do {
                for step in steps {
                    switch step {
                    // The peer may close before it has read everything; its response can still be read.
                    case .send(let text): try? await outbound.write(ByteBuffer(string: text))
                    case .finish: outbound.finish()
                    case .hear(let end):
                        repeat {
                            guard let part = try await parts.next() else { return answer }
                            answer += String(buffer: part)
                        } while !answer.hasSuffix(end)
                    }
                }
                while let part = try await parts.next() { answer += String(buffer: part) }
            } catch is IOError {}
            return answer
        }
    }

    /// Runs a whole server behind a listener while `body` talks to it.
    static func serving(_ h: Harness, _ body: @Sendable (Int) async throws -> Void) async throws {
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
        let router = Routes.router(h.gatehouse, renderer: renderer, proxies: try ProxyTrust(proxies: []))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await serving(
            { try .main(router: router, host: "127.0.0.1", port: 0, logger: logger, whenRunning: $0) }, body)
    }

    /// Runs the listener while `body` talks to it.
    static func serving<Result: Sendable>(
        _ make: (@escaping Listener.WhenRunning) throws -> Listener, _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let (ports, source) = AsyncStream.makeStream(of: Int.self)
        let listener = try make { source.yield($0 ?? 0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { source.finish() }
                try await listener.run()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                try await group.waitForAll()
                throw CancellationError()
            }
            defer { group.cancelAll() }
            return try await body(port)
        }
    }
}
