import Foundation

/// The page templates, for a command that is started in a folder of its user's own.
enum TemplateSearch {
    /// Searches the working directory, and then every folder above the program.
    static func folder() throws -> String {
        let files = FileManager.default
        var candidates = [URL(filePath: files.currentDirectoryPath)]
        if let program = try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            var place = URL(filePath: program)
            while place.path.count > 1 {
                place = place.deletingLastPathComponent()
                candidates.append(place)
            }
        }
        let folders = candidates.map { $0.appending(path: "templates").path(percentEncoded: false) }
        guard let found = folders.first(where: { files.fileExists(atPath: $0 + "/consent.mustache") }) else {
            throw CommandError("The folder 'templates' with the pages is not here. Name it with --templates.")
        }
        return found
    }
}
