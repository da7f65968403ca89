import JOSE
package import Logging
import OAuth
import ServiceLifecycle
import Storage

/// Does the periodic work of the server once a minute: writes the last uses of sessions, completes long revocations, expires
/// what is due, deletes what has expired, signs the audit trail, and renews groups of identity providers.
package struct Housekeeper: Service, CustomStringConvertible {
    let gatehouse: Gatehouse
    let log: Logger

    /// A housekeeper for `gatehouse`.
    package init(_ gatehouse: Gatehouse, log: Logger) {
        self.gatehouse = gatehouse
        self.log = log
    }

    /// The name in the log of the service group, which would otherwise print every property at every start.
    package var description: String { "housekeeper" }

    /// Runs a round a minute until the server shuts down, and one more then. The caller runs the first round, before any client
    /// can connect.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            // Beside the rounds: a slow provider must delay no expiry and no audit record.
            async let renewal: Void = renewGroups()
            while (try? await Task.sleep(for: .seconds(60))) != nil { await round() }
            await renewal
        }
        await round()
        // Nothing writes any more: the next start recognises a database that is older than this checkpoint.
        _ = await notary.signAllOrWarning(at: gatehouse.clock.now())
        gatehouse.refusals.finish()
    }

    /// Runs every duty once, in steps small enough that no request waits long behind one.
    package func round() async {
        await TraceID.$current.withValue(.random()) { await tidy() }
    }

    // The failure of one duty keeps no other from being done.
    private func tidy() async {
        let (store, clock, retention) = (gatehouse.store, gatehouse.clock, gatehouse.settings.retention)
        await orPutOff { try await gatehouse.lastUses.flush(to: store) }
        await orPutOff { _ = try await store.finishEndings(now: clock.now()) }
        await orPutOff {
            while try await store.write({ try $0.housekeep(now: clock.now(), limit: 200, keeping: retention) }) >= 200 {
                await Task.yield()
            }
        }
        await KeyReplacement(store: store, keys: gatehouse.keys, log: log).finish(at: clock.now())
        await orPutOff { try notary.logEarlierCheckpoints() }
        await keepAudit()
        gatehouse.refusals.flush()
    }

    /// Renews groups once a minute until the server shuts down.
    private func renewGroups() async {
        while (try? await Task.sleep(for: .seconds(60))) != nil {
            await orPutOff { try await gatehouse.groupRenewal.round() }
        }
    }

    private func orPutOff(_ duty: () async throws -> Void) async {
        do {
            try await duty()
        } catch is CancellationError {
            // The server is stopping; the final round does this duty.
        } catch {
            log.warning("housekeeping failed; the next round tries again", metadata: ["error": "\(error)"])
        }
    }

    /// Drops the exported part of the audit trail, and signs a checkpoint where one is due.
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
            log.warning(
                "signing an audit checkpoint failed; the next round tries again", metadata: ["error": "\(error)"])
        }
    }

    private var notary: AuditCheckpointSigner {
        AuditCheckpointSigner(store: gatehouse.store, keys: gatehouse.keys, log: log)
    }
}
