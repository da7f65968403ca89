import AuthorizationServer
import JOSE
import OAuth
import Outbound
import Storage
import Web

/// What a running server knows of itself and nobody else does.
struct RunningServer: Sendable {
    let keys: KeyRing
    let witness: ProxyWitness
    /// Until when no event is sent to MCP servers whose endpoints are in trouble.
    let paused: @Sendable () -> [ResourceID: Timestamp]
}

/// All that `gatehouse doctor` looks at, in the order in which it is told.
struct Examination: Sendable {
    let configuration: ServerConfiguration
    let store: Result<Store, any Error>
    /// Nil when the files are looked at without a server.
    let server: RunningServer?
    /// A call of the issuer that was made before the database was opened, so that it is not held meanwhile.
    var visit: IssuerProbe?
    var clock = WallClock.system

    func findings() async -> [Finding] {
        guard let visit else {
            var visited = self
            visited.visit = await IssuerProbe(configuration, witness: server?.witness)
            return await visited.findings()
        }
        let steady = ContinuousClock.now
        let start = clock.now()
        var findings = [presence]
        findings += IssuerCheck(configuration, visit, isServed: server != nil).findings
        findings += TLSCheck(configuration, visit, now: start).findings
        findings += ProxyCheck(configuration, visit, isServed: server != nil).findings
        findings += await database(start)
        findings += await keys(start)
        let elapsed = Int64((ContinuousClock.now - steady) / .seconds(1))
        let drift = (clock.now() - start) - elapsed
        findings += ClockCheck(configuration, visit, drift: drift, now: clock.now()).findings
        findings += TemplateCheck(configuration).findings
        return findings + SocketCheck(configuration, isServed: server != nil).findings
    }

    private var presence: Finding {
        server == nil
            ? Finding(
                "server", .warning,
                "No server runs here: the files were looked at, and the rest can be told once 'gatehouse serve' runs.")
            : Finding("server", .ok, "A server runs on this configuration's data.")
    }

    private func database(_ now: Timestamp) async -> [Finding] {
        switch store {
        case .failure(let error): return [Finding("database", .problem, Sentence.of(error))]
        case .success(let store):
            return await DatabaseCheck(store: store, folder: configuration.paths.data, now: now).findings()
                + AuditTrailCheck(configuration: configuration, store: store, now: now, isServed: server != nil)
                .findings()
                + SealedCheck(configuration: configuration, store: store).findings()
                + EventCheck(store: store, paused: server?.paused() ?? [:]).findings()
        }
    }

    private func keys(_ now: Timestamp) async -> [Finding] {
        var needed: [String] = []
        if case .success(let store) = store { needed = (try? await store.read { try $0.refreshKeysInUse() }) ?? [] }
        return KeyCheck(configuration, inMemory: server?.keys, needed: needed, now: now).findings
    }
}

/// The sentences of errors begin in different ways; in a list each begins with a capital and ends with a full stop.
enum Sentence {
    static func of(_ error: any Error) -> String { of(ErrorText.of(error)) }

    static func of(_ text: String) -> String {
        let begun = text.prefix(1).uppercased() + text.dropFirst()
        return begun.hasSuffix(".") ? begun : begun + "."
    }
}
