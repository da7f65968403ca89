import Foundation
import OAuth
import Storage

/// A folder with dated backups, of which the newest are kept.
struct BackupFolder {
    private let path: String

    init(path: String) throws {
        self.path = AbsolutePath(path, relativeTo: FileManager.default.currentDirectoryPath).string
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: self.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandError("\(self.path) is not a folder. Create it with mode 0700 first.")
        }
    }

    /// The new file for a backup at this time.
    func file(at time: Timestamp) throws -> OutputFile {
        try OutputFile(path: "\(path)/\(Self.prefix)\(Self.stamp(time))\(Self.ending)")
    }

    /// Deletes the oldest backups, so that `count` remain, and returns the names of the deleted ones. The backup `newest` stays
    /// whatever its name says, because the clock may have been set back.
    func prune(keeping count: Int, with newest: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        removeUnfinished(names, before: Date(timeIntervalSinceNow: -86_400))
        // A name alone proves nothing: only what begins like a database of Gatehouse is deleted.
        let others = names.filter { name in
            Self.isDated(name) && "\(path)/\(name)" != newest && DatabaseHeader(ofOwnFile: "\(path)/\(name)") != nil
        }.sorted()
        var deleted: [String] = []
        for name in others.dropLast(count - 1) {
            // Another backup at the same moment may have deleted it first.
            guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
                throw CommandError(
                    "The backup was made, but the older \(path)/\(name) cannot be deleted: \(String(cString: strerror(errno)))."
                )
            }
            deleted.append(name)
        }
        return deleted
    }

    /// Deletes what killed backups left behind: unfinished files of this user that nobody has written for a day.
    private func removeUnfinished(_ names: [String], before time: Date) {
        for name in names where name.hasPrefix(OutputFile.temporaryPrefix) {
            let status = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            guard status?[.type] as? FileAttributeType == .typeRegular,
                (status?[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid(),
                let written = status?[.modificationDate] as? Date, written < time
            else { continue }
            unlink("\(path)/\(name)")
        }
    }

    private static let prefix = "gatehouse-"
    private static let ending = ".backup"

    /// A time as a name of which the order is the order of the times: `20261130T231500Z`.
    static func stamp(_ time: Timestamp) -> String { time.rfc3339.filter { $0 != "-" && $0 != ":" } }

    private static func isDated(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), name.hasSuffix(ending) else { return false }
        let stamp = name.dropFirst(prefix.count).dropLast(ending.count)
        let form = "00000000T000000Z"
        return stamp.utf8.count == form.utf8.count
            && zip(stamp.utf8, form.utf8).allSatisfy { letter, model in
                model == UInt8(ascii: "0") ? (0x30...0x39).contains(letter) : letter == model
            }
    }
}
