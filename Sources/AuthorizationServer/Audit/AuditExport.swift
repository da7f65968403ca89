import Glibc
import JOSE
import OAuth
import Storage

/// Writes audit records as JSON lines into a new file, from one consistent state of the database.
struct AuditExport {
    private let descriptor: Int32
    private let path: String
    private var waiting: [UInt8] = []
    private var lines: Int64 = 0

    /// Creates the file with mode 0600.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AuditExportError(path: path, code: errno) }
    }

    /// Writes the records that match and closes the file; an incomplete file is deleted.
    mutating func write(_ filter: AuditFilter?, from transaction: Transaction, at now: Timestamp) throws {
        defer { close(descriptor) }
        do {
            try add(.header(at: now, isSelection: filter != nil))
            for chain in try transaction.audit.chains() { try write(chain, filter, from: transaction) }
            try add(.end(lines: lines + 1))
            try flush()
        } catch {
            unlink(path)
            throw error
        }
    }

    private mutating func write(
        _ chain: AuditChainName, _ filter: AuditFilter?, from transaction: Transaction
    ) throws {
        try transaction.audit.walk(chain, from: nil) { step in
            switch step {
            case .begin(let sequence, let hash): try add(.chain(chain, after: sequence, hash: hash))
            case .record(let sequence, nil) where filter == nil: try add(.unreadable(chain, sequence))
            case .record(_, let record?) where filter?.matches(record.entry) ?? true: try add(.record(record))
            case .record: break
            case .checkpoint(let checkpoint): if filter == nil { try add(.checkpoint(checkpoint)) }
            }
        }
    }

    private mutating func add(_ line: AuditLine) throws {
        lines += 1
        waiting += line.json.bytes
        waiting.append(UInt8(ascii: "\n"))
        if waiting.count >= 256 * 1024 { try flush() }
    }

    private mutating func flush() throws {
        var written = 0
        while written < waiting.count {
            let count = waiting.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw AuditExportError(path: path, code: errno) }
            written += count
        }
        waiting.removeAll(keepingCapacity: true)
    }
}

/// The export file could not be created or written.
struct AuditExportError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String {
        "Cannot write the export to \(path): \(String(cString: strerror(code))). Nothing was deleted."
    }
}
