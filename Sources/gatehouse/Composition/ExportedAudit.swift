import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// A file written by `audit export`, read without a database.
struct ExportedAudit {
    let path: String

    /// Verifies every line and returns the verdict; a defect is thrown as an error.
    func verify() throws -> AdministrationAnswer {
        var file = AuditFile()
        try read(into: &file)
        let answer = try finish(&file).answer()
        guard file.isSelection else { return answer }
        return .one(
            answer.rows.first ?? [:],
            note: "The file is a selection: its records are valid, but missing records cannot be detected.")
    }

    /// The last checkpoint of each chain up to this time, and the number of records that they cover.
    func marks(until time: Timestamp) throws -> (marks: [AuditPruneMark], records: Int64) {
        var file = AuditFile(checkpointsUntil: time)
        try read(into: &file)
        return (file.lastMarks, file.covered)
    }

    private func finish(_ file: inout AuditFile) throws -> AuditVerdict {
        do {
            return try file.finish()
        } catch {
            throw CommandError("\(path) \(error).")
        }
    }

    private func read(into file: inout AuditFile) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandError("Cannot read \(path). Check that it exists and that you may read it.")
        }
        defer { try? handle.close() }
        var rest: [UInt8] = []
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            rest += piece
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = Array(lines.removeLast())
            for line in lines { try append(Array(line), to: &file) }
        }
        if !rest.isEmpty { try append(rest, to: &file) }
    }

    private func append(_ line: [UInt8], to file: inout AuditFile) throws {
        do {
            try file.add(line)
        } catch {
            throw CommandError("\(path) \(error).")
        }
    }
}
