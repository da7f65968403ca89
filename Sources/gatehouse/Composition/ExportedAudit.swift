import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// A file of `audit export`, read without a database.
struct ExportedAudit {
    let path: String

    /// What a check of every line found, or the sentence that names what is wrong.
    func verify() throws -> AdministrationAnswer {
        var file = AuditFile()
        try read(into: &file)
        let answer = try finish(&file).answer()
        guard file.isSelection else { return answer }
        return .one(
            answer.rows.first ?? [:],
            note: "The file is a selection: each record is sound, which are missing cannot be told.")
    }

    /// The last checkpoint of each chain up to this time, and how many records they cover.
    func marks(until time: Timestamp) throws -> (marks: [AuditPruneMark], records: Int64) {
        var file = AuditFile(checkpointsUntil: time)
        try read(into: &file)
        return (file.lastMarks, file.covered)
    }

    private func finish(_ file: inout AuditFile) throws -> AuditVerdict {
        do {
            return try file.finish()
        } catch {
            throw Refusal("\(path) \(error)")
        }
    }

    private func read(into file: inout AuditFile) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Refusal("\(path) cannot be read; check that it exists and that you may read it")
        }
        defer { try? handle.close() }
        var rest: [UInt8] = []
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            rest += piece
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = Array(lines.removeLast())
            for line in lines { try take(Array(line), into: &file) }
        }
        if !rest.isEmpty { try take(rest, into: &file) }
    }

    private func take(_ line: [UInt8], into file: inout AuditFile) throws {
        do {
            try file.take(line)
        } catch {
            throw Refusal("\(path) \(error)")
        }
    }
}
