import NIOCore
import Outbound

/// The parties of the demo and their addresses.
struct Stage {
    let bench: Workbench
    let client: OperatorClient
    let gatehouse: GatehouseProgram
    let example: ExampleProgram
    let website: Website
    let callback: CallbackListener

    /// Creates the certificate authority and chooses the addresses; starts nothing.
    init(on bench: Workbench) async throws {
        self.bench = bench
        client = OperatorClient(deadline: .seconds(15))
        let authority = try await ThrowAwayAuthority(on: bench)
        callback = try CallbackListener()
        website = try Website(authority: authority, redirect: callback.redirect)
        gatehouse = try GatehouseProgram(on: bench, trusting: authority, privateHost: website.privateHost)
        example = try ExampleProgram()
    }
}
