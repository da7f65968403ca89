import Foundation

/// What lies in the files of a folder.
enum Files {
    /// The bytes of each file, at any depth.
    static func contents(of folder: String) throws -> [Data] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.compactMap { try? Data(contentsOf: URL(filePath: "\(folder)/\($0)")) }
    }
}

extension Data {
    /// Whether these bytes stand anywhere.
    func contains(_ bytes: [UInt8]) -> Bool { range(of: Data(bytes)) != nil }
}
