import GRDB

/// Why the store could not do what it was asked; each says in one sentence what the operator can do.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no database at this absolute path and nobody asked to create one.
    case missing(path: String)
    /// Another process holds the data directory.
    case locked(directory: String)
    /// A file or directory can be read by others, or belongs to another user.
    case permissions(String)
    /// The database was written by a newer Gatehouse.
    case newerSchema(path: String)
    /// The file is a database, but not one of Gatehouse.
    case foreign(path: String)
    /// The wall clock is behind the last time that the database saw.
    case clockSteppedBack(seconds: Int64)
    /// Too many writes wait, or another connection holds the file.
    case busy
    /// No space is left: reads go on, this write did not happen.
    case diskFull
    /// The schema refuses the change; the transaction's other members are untouched.
    case constraint(String)
    /// The disk or the file failed; the outcome of the last commit is unknown and no further write is taken.
    case failed(String)
    /// The store was closed.
    case closed
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path):
            "no Gatehouse database at \(path); `gatehouse db init` creates one"
        case .locked(let directory):
            "another Gatehouse process uses \(directory); stop it, or talk to it over its admin socket"
        case .permissions(let sentence):
            sentence
        case .newerSchema(let path):
            "\(path) was written by a newer version of Gatehouse; start that version or restore an older backup"
        case .foreign(let path):
            "\(path) is not a Gatehouse database; choose another data directory"
        case .clockSteppedBack(let seconds):
            "the clock is \(seconds) seconds behind the last time in the database; correct it before starting"
        case .busy:
            "the database is busy; try again"
        case .diskFull:
            "no space is left on the data directory's disk; free some, nothing was written"
        case .constraint(let what):
            "the database refused the change: \(what)"
        case .failed(let what):
            "the database failed (\(what)); check the disk and restart, no further write is accepted"
        case .closed:
            "the database is closed"
        }
    }
}

extension StoreError {
    /// Translates what SQLite said; errors that a caller threw itself pass unchanged.
    static func translate(_ error: any Error) -> any Error {
        if let error = error as? DatabaseError { return StoreError(error) }
        // What GRDB throws for a row that does not decode would print the statement and the row.
        guard String(reflecting: type(of: error)).hasPrefix("GRDB.") else { return error }
        return StoreError.failed("a row is not as it was written")
    }

    init(_ error: DatabaseError) {
        let what = error.message ?? error.resultCode.description
        switch (error.resultCode, error.extendedResultCode) {
        case (.SQLITE_FULL, _), (_, .SQLITE_IOERR_SHMSIZE):
            self = .diskFull
        case (.SQLITE_BUSY, _), (.SQLITE_LOCKED, _), (.SQLITE_INTERRUPT, _), (.SQLITE_NOMEM, _),
            (_, .SQLITE_IOERR_NOMEM):
            self = .busy
        case (.SQLITE_CONSTRAINT, _):
            self = .constraint(what)
        case (.SQLITE_MISUSE, _):
            self = .closed
        default:
            self = .failed(what)
        }
    }

    /// True for what a retry cannot mend: after a failed write or fsync the kernel may have dropped pages, so the
    /// next success would prove nothing.
    static func isFinal(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return true
        case .SQLITE_IOERR:
            return ![.SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_NOMEM].contains(error.extendedResultCode)
        default:
            return false
        }
    }
}
