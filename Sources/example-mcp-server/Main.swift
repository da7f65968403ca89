import Foundation
import Hummingbird
import Logging
import ResourceServer

@main
enum Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments != ["--help"] else {
            print(Options.usage)
            return
        }
        do {
            let options = try Options(arguments, environment: ProcessInfo.processInfo.environment)
            var logger = Logger(label: "example-mcp-server") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .notice
            let server = try ExampleServer(
                options.protection, elicitations: options.elicitations, takesEvents: options.events != nil,
                upstream: options.upstream, pace: .seconds(options.pace), logger: logger)
            let polling =
                options.events == .poll ? server.receiver.map { receiver in Task { await receiver.poll() } } : nil
            defer { polling?.cancel() }
            let application = server.application(
                host: options.host, port: options.port, transport: try options.transport, logger: logger,
                onServerRunning: { [receiver = options.events == .push ? server.receiver : nil, logger] _ in
                    await EventEndpoint.verify(receiver, logger)
                })
            try await application.runService()
        } catch let error as UsageError {
            fail("\(error)\n\n\(Options.usage)", status: 2)
        } catch {
            fail("The example MCP server could not run: \(error)", status: 1)
        }
    }

    private static func fail(_ sentence: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data((sentence + "\n").utf8))
        exit(status)
    }
}
