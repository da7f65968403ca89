import AuthorizationServer
import JOSE
import OAuth
import Outbound
import Storage
import Web

/// The state in the memory of a running server that the checks use.
struct RunningServer: Sendable {
    let keys: KeyRing
    let witness: ProxyWitness
    let configuration: RunningConfiguration
    /// The time of the next attempt for each MCP server whose events endpoint fails.
    let paused: @Sendable () -> [ResourceID: Timestamp]
}

/// All checks of `gatehouse doctor`, in the order in which it prints them.
struct InstallationCheck: Sendable {
    let configuration: ServerConfiguration
    let store: Result<Store, any Error>
    /// Nil if no server runs and the command checks the files.
    let server: RunningServer?
    /// A request to the issuer from before the database was opened, so that the lock is not held during the request; nil to make
    /// one.
    var probe: IssuerProbe?
    var clock = WallClock.system

    func findings() async -> [Finding] {
        guard let probe else {
            var check = self
            check.probe = await IssuerProbe(configuration, witness: server?.witness)
            return await check.findings()
        }
        let steady = ContinuousClock.now
        let start = clock.now()
        var findings = [presence]
        findings += server.map { ConfigurationCheck(running: $0.configuration).findings } ?? []
        findings += IssuerCheck(configuration, probe, isServed: server != nil).findings
        findings += TLSCheck(configuration, probe, now: start).findings
        findings += ProxyCheck(configuration, probe, isServed: server != nil).findings
        findings += await database(start)
        findings += await keys(start)
        let elapsed = Int64((ContinuousClock.now - steady) / .seconds(1))
        let drift = (clock.now() - start) - elapsed
        findings += ClockCheck(configuration, probe, drift: drift, now: clock.now()).findings
        findings += RegistrationCheck(configuration).findings
        findings += TemplateCheck(configuration).findings
        return findings + SocketCheck(configuration, isServed: server != nil).findings
    }

    private var presence: Finding {
        server == nil
            ? Finding(
                "server", .warning,
                "No server runs on this data; version \(BuildVersion.current) checked the files only. Run 'gatehouse serve' "
                    + "for all checks.")
            : Finding("server", .ok, "A server runs on this data: version \(BuildVersion.current).")
    }

    private func database(_ now: Timestamp) async -> [Finding] {
        switch store {
        case .failure(let error): return [Finding("database", .problem, Sentence.of(error))]
        case .success(let store):
            return await DatabaseCheck(store: store, folder: configuration.data, now: now).findings()
                + AuditTrailCheck(configuration: configuration, store: store, now: now, isServed: server != nil)
                .findings()
                + SealedCheck(configuration: configuration, store: store).findings()
                + AccessCheck(configuration: configuration, store: store).findings()
                + EventCheck(store: store, paused: server?.paused() ?? [:]).findings()
        }
    }

    private func keys(_ now: Timestamp) async -> [Finding] {
        var needed: [String] = []
        if case .success(let store) = store { needed = (try? await store.read { try $0.refreshKeysInUse() }) ?? [] }
        return KeyCheck(configuration, inMemory: server?.keys, needed: needed, now: now).findings
    }
}
