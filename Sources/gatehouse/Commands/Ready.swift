import ArgumentParser
import Outbound

/// `gatehouse ready`: asks the server on this machine whether it is ready, for health checks where no other client is installed.
struct Ready: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ready",
        abstract: "Check whether the server on this machine is ready.",
        discussion: """
            Requests /readyz at the address of operations.listen, as the file or the environment sets it. Prints nothing and \
            exits with 0 if the server is ready, and with 1 otherwise.
            """)
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let address = try OperationsAddress(ServerConfiguration.load(file: global.config).operationsListen)
        let client = OperatorClient(roots: .system, patience: 5, connections: 1)
        defer { client.close() }
        let response: OutboundResponse
        do throws(OutboundFailure) {
            response = try await client.get(address.readiness)
        } catch {
            throw CommandError("No server answers at \(address.readiness): \(error).")
        }
        guard response.status != 200 else { return }
        let reasons = String(decoding: response.body, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
        throw CommandError("The server is not ready (status \(response.status)): \(reasons).")
    }
}

/// The address at which this machine reaches the operations listener.
struct OperationsAddress {
    /// The URL of `/readyz`.
    let readiness: RemoteURL

    /// Throws if the listener is not on a loopback address: plain http leaves this machine nowhere.
    init(_ listen: ListenAddress) throws {
        let host =
            switch listen.host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "[::1]"
            case let host where host.contains(":"): "[\(host)]"
            default: listen.host
            }
        do throws(RemoteURLError) {
            readiness = try RemoteURL(operator: "http://\(host):\(listen.port)/readyz")
        } catch {
            throw CommandError(
                "'operations.listen' is \(listen), which has no loopback address. Listen at 127.0.0.1, or at every address "
                    + "with 0.0.0.0.")
        }
    }
}
