import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// A file written by `audit export` or `audit tail --follow`, read without a database.
struct ExportedAudit {
    let path: String

    /// Verifies every line and returns the verdict; a defect is thrown as an error.
    @discardableResult
    func verify() throws -> AdministrationAnswer { try verification().answer }

    /// Verifies every line, and returns the parts of the chains that the file holds; none for a selection.
    func verification() throws -> (answer: AdministrationAnswer, spans: [AuditChainName: AuditFileLinks.Span]) {
        if try isCopy() {
            var copy = AuditCopy()
            try read { line throws(AuditFile.Fault) in copy.add(line) }
            return (
                .one(
                    try copy.finish().answer().rows.first ?? [:],
                    note: "The file is a copy by 'audit tail': it has no checkpoints, so nothing vouches for its end."),
                copy.spans
            )
        }
        var file = AuditFile()
        try read { line throws(AuditFile.Fault) in try file.add(line) }
        let answer = try finish(&file).answer()
        guard file.isSelection else { return (answer, file.spans) }
        return (
            .one(
                answer.rows.first ?? [:],
                note: "The file is a selection: its records are valid, but missing records cannot be detected."), [:]
        )
    }

    /// Whether the file begins as a copy by `audit tail` and not as an export.
    private func isCopy() throws -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? handle.close() }
        let start = try handle.read(upToCount: 64 * 1024) ?? Data()
        return AuditCopy.begins(with: Array(start.prefix { $0 != UInt8(ascii: "\n") }))
    }

    /// The last checkpoint of each chain up to this time, and the number of records that they cover.
    func marks(until time: Timestamp) throws -> (marks: [AuditPruneMark], records: Int64) {
        var file = AuditFile(checkpointsUntil: time)
        try read { line throws(AuditFile.Fault) in try file.add(line) }
        return (file.lastMarks, file.covered)
    }

    private func finish(_ file: inout AuditFile) throws -> AuditVerdict {
        do {
            return try file.finish()
        } catch {
            throw CommandError("\(path) \(error).")
        }
    }

    private func read(_ add: ([UInt8]) throws(AuditFile.Fault) -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandError("Cannot read \(path). Check that it exists and that you may read it.")
        }
        defer { try? handle.close() }
        var rest: [UInt8] = []
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            rest += piece
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = Array(lines.removeLast())
            for line in lines { try append(Array(line), add) }
        }
        if !rest.isEmpty { try append(rest, add) }
    }

    private func append(_ line: [UInt8], _ add: ([UInt8]) throws(AuditFile.Fault) -> Void) throws {
        do {
            try add(line)
        } catch {
            throw CommandError("\(path) \(error).")
        }
    }
}
