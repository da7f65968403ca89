import GRDB

/// Why the store could not do what it was asked. `AuthorizationServer` has the sentences for operators.
package enum StoreError: Error, Hashable, Sendable {
    /// No database exists at this absolute path, and the caller did not ask to create one.
    case missing(path: String)
    /// Another process holds the data directory.
    case locked(directory: String)
    /// A file or folder is open to others, belongs to another user or cannot be written; the text says what to do.
    case permissions(String)
    /// The database was written by a newer Gatehouse.
    case newerSchema(path: String)
    /// The file is not a database of Gatehouse.
    case foreign(path: String)
    /// The wall clock is behind the last time in the database by so many seconds.
    case clockSteppedBack(seconds: Int64)
    /// Too many writes wait, or another connection holds the file.
    case busy
    /// No space is left on the disk. Reads work; this write did not happen.
    case diskFull
    /// The schema refuses the change. Other writes of the group are not affected.
    case constraint(String)
    /// The disk or the file failed. The outcome of the last commit is unknown, and no further write is accepted.
    case failed(String)
    /// The store was closed.
    case closed
}

extension StoreError {
    /// Translates errors of SQLite and GRDB; an error that the caller threw passes unchanged.
    static func translate(_ error: any Error) -> any Error {
        if let error = error as? DatabaseError { return StoreError(error) }
        // The text of a GRDB error for a row that does not decode holds the statement and the row.
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

    /// True for failures that no retry can mend: after a failed write or fsync the kernel may have dropped pages, so a later
    /// success proves nothing.
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
