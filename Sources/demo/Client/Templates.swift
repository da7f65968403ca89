import Foundation

/// The page templates of the checkout that the demo was built in.
enum Templates {
    /// Searches the working directory, then every folder above the program.
    static func folder() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var place = URL(filePath: own)
        var candidates = [URL(filePath: FileManager.default.currentDirectoryPath)]
        while place.path.count > 1 {
            place = place.deletingLastPathComponent()
            candidates.append(place)
        }
        let folders = candidates.map { $0.appending(path: "templates") }
        guard
            let found = folders.first(where: {
                FileManager.default.fileExists(atPath: $0.appending(path: "consent.mustache").path)
            })
        else { throw StoryFailure(expected: "the folder templates", found: "the demo runs outside the checkout") }
        return found.path
    }
}
