import JOSE
package import Logging
import OAuth
import ServiceLifecycle
import Storage

/// Tidies up behind the server once a minute: writes down last uses, finishes ends of many sessions, expires what is over, deletes what nobody needs.
package struct Housekeeper: Service, CustomStringConvertible {
    let gatehouse: Gatehouse
    let log: Logger

    /// Keeps house for `gatehouse`.
    package init(_ gatehouse: Gatehouse, log: Logger) {
        self.gatehouse = gatehouse
        self.log = log
    }

    /// Its name in the service group, which would otherwise spell out everything that it holds, at every start.
    package var description: String { "housekeeper" }

    /// Works until the server shuts down, and writes down last uses once more then. The first round is the caller's: it belongs
    /// before anybody can connect.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(60))) != nil { await round() }
        }
        await round()
        // Nobody writes any more: a database from before this moment is recognised at the next start.
        _ = await notary.signAllOrWarning(at: gatehouse.clock.now())
        gatehouse.refusals.finish()
    }

    /// One round, in steps small enough that nobody waits long behind one.
    package func round() async {
        await TraceID.$current.withValue(.random()) { await tidy() }
    }

    // What one duty stumbles over keeps no other from being done.
    private func tidy() async {
        let (store, clock) = (gatehouse.store, gatehouse.clock)
        await orPutOff { try await gatehouse.lastUses.flush(to: store) }
        await orPutOff { _ = try await store.finishEndings(now: clock.now()) }
        await orPutOff {
            while try await store.write({ try $0.housekeep(now: clock.now(), limit: 200) }) >= 200 {
                await Task.yield()
            }
        }
        await KeyReplacement(store: store, keys: gatehouse.keys, log: log).finish(at: clock.now())
        await orPutOff { try notary.logEarlierCheckpoints() }
        await keepAudit()
        gatehouse.refusals.flush()
    }

    private func orPutOff(_ duty: () async throws -> Void) async {
        do {
            try await duty()
        } catch is CancellationError {
            // The server stops before it ran: nothing was put off.
        } catch {
            log.warning("housekeeping was put off", metadata: ["error": "\(error)"])
        }
    }

    /// Signs the audit trail where that is due.
    private func keepAudit() async {
        do {
            while try await gatehouse.store.write({ try $0.audit.retention.drop(limit: 200) }) > 0 {
                await Task.yield()
            }
            _ = try await notary.signDue(at: gatehouse.clock.now())
        } catch let error as BrokenAuditChain {
            log.error("no audit checkpoint was signed", metadata: ["error": "\(error)"])
        } catch is CancellationError {
        } catch {
            log.warning("an audit checkpoint was put off", metadata: ["error": "\(error)"])
        }
    }

    private var notary: AuditCheckpointSigner {
        AuditCheckpointSigner(store: gatehouse.store, keys: gatehouse.keys, log: log)
    }
}
