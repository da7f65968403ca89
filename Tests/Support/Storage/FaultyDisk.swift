import Foundation
import GRDBSQLite
import Synchronization

/// Makes SQLite's system calls on one folder's files fail from the nth on, like a full or a broken disk.
package enum FaultyDisk {
    /// The kind of failure.
    package enum Fault: CaseIterable, Sendable {
        /// Writes fail with ENOSPC.
        case full
        /// Reads and writes fail with EIO.
        case broken
    }

    private struct Plan {
        let fault: Fault
        var callsLeft: Int
        var hasStruck = false
    }

    private static let plans = Mutex<[String: Plan]>([:])
    /// Spares the databases of all other tests the lookup of the file's path.
    private static let isAnyArmed = Atomic<Bool>(false)

    /// Lets the first `calls` calls on files in `folder` succeed and all further ones fail.
    package static func arm(_ folder: String, _ fault: Fault, after calls: Int) {
        _ = installed
        plans.withLock {
            $0[folder] = Plan(fault: fault, callsLeft: calls)
            isAnyArmed.store(true, ordering: .sequentiallyConsistent)
        }
    }

    /// Ends the failures and returns whether any call failed.
    package static func disarm(_ folder: String) -> Bool {
        plans.withLock {
            let plan = $0.removeValue(forKey: folder)
            isAnyArmed.store(!$0.isEmpty, ordering: .sequentiallyConsistent)
            return plan?.hasStruck ?? false
        }
    }

    private static func fails(_ file: Int32, writing: Bool) -> Bool {
        guard isAnyArmed.load(ordering: .sequentiallyConsistent) else { return false }
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(file)") else {
            return false
        }
        return plans.withLock { plans in
            guard let folder = plans.keys.first(where: { path.hasPrefix($0 + "/") }), var plan = plans[folder],
                writing || plan.fault == .broken
            else { return false }
            defer { plans[folder] = plan }
            plan.callsLeft -= 1
            guard plan.callsLeft < 0 else { return false }
            plan.hasStruck = true
            errno = plan.fault == .full ? ENOSPC : EIO
            return true
        }
    }

    private typealias At = @convention(c) (Int32, UnsafeMutableRawPointer?, Int, off_t) -> Int
    private typealias Here = @convention(c) (Int32, UnsafeMutableRawPointer?, Int) -> Int

    private static let writeAt: At = { fails($0, writing: true) ? -1 : pwrite($0, $1, $2, $3) }
    private static let readAt: At = { fails($0, writing: false) ? -1 : pread($0, $1, $2, $3) }
    private static let writeHere: Here = { fails($0, writing: true) ? -1 : write($0, $1, $2) }
    private static let readHere: Here = { fails($0, writing: false) ? -1 : read($0, $1, $2) }

    /// SQLite's Unix VFS permits replacing its system calls one by one; its build decides which of them it uses.
    private static let installed: Void = {
        guard let layer = sqlite3_vfs_find(nil), let replace = layer.pointee.xSetSystemCall else { return }
        for (name, call) in [("pwrite", writeAt), ("pwrite64", writeAt), ("pread", readAt), ("pread64", readAt)] {
            _ = replace(layer, name, unsafeBitCast(call, to: sqlite3_syscall_ptr.self))
        }
        for (name, call) in [("write", writeHere), ("read", readHere)] {
            _ = replace(layer, name, unsafeBitCast(call, to: sqlite3_syscall_ptr.self))
        }
    }()
}
