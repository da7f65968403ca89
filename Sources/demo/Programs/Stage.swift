import NIOCore
import Outbound

/// Everybody who appears in the story, where they can be reached, and what happens behind the scene.
struct Stage {
    let bench: Workbench
    let client: OperatorClient
    let gatehouse: GatehouseProgram
    let example: ExampleProgram
    let website: Website
    let door: CallbackListener

    /// Makes the throw-away authority and chooses the addresses; nothing runs yet.
    init(on bench: Workbench) async throws {
        self.bench = bench
        client = OperatorClient(deadline: .seconds(15))
        let authority = try await ThrowAwayAuthority(on: bench)
        door = try CallbackListener()
        website = try Website(authority: authority, redirect: door.redirect)
        gatehouse = try GatehouseProgram(on: bench, trusting: authority, privateHost: website.privateHost)
        example = try ExampleProgram()
    }
}
