import ArgumentParser
import AuthorizationServer
import Foundation
import Glibc
import JOSE
import Web

/// `gatehouse templates`: the built-in page templates.
struct Templates: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates", abstract: "Copy the built-in page templates.", subcommands: [Export.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write the built-in page templates and their stylesheet to a folder.",
            discussion: """
                Keep the files that you change, remove the others, and set 'templates' to the folder: each file replaces the \
                built-in one of the same name, and a newer version brings newer ones for the rest.
                """)
        @Argument(help: "Folder to write to. It is created if missing, and no file in it is replaced.") var folder:
            String
        @Argument(help: "Only this file, such as consent.mustache (repeatable).") var files: [String] = []
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let export = try TemplateExport(
                to: AbsolutePath(folder, relativeTo: FileManager.default.currentDirectoryPath).string, files)
            try export.write()
            global.presentation().show(
                .one(["folder": .string(export.folder), "files": .integer(Int64(export.names.count))]))
        }
    }
}

/// The built-in templates on their way to a folder.
struct TemplateExport {
    let folder: String
    let names: [String]

    /// Chooses the named files, or all without a name. Throws for a name that no file has, and for a file that exists.
    init(to folder: String, _ chosen: [String]) throws {
        let known = TemplateFiles.builtIn.keys.sorted()
        if let unknown = chosen.first(where: { !known.contains($0) }) {
            throw CommandError(
                "There is no built-in file '\(unknown)'. The files are: \(known.joined(separator: ", ")).")
        }
        self.folder = folder
        names = chosen.isEmpty ? known : known.filter(chosen.contains)
        if let present = names.first(where: { access(folder + "/" + $0, F_OK) == 0 }) {
            throw CommandError("\(folder)/\(present) already exists. Nothing was written.")
        }
    }

    /// Writes the files so that the user of the server can read them: they hold nothing secret.
    func write() throws {
        if mkdir(folder, 0o755) == 0 {
            chmod(folder, 0o755)
        } else if errno != EEXIST {
            throw CommandError.system("create", folder)
        }
        for name in names {
            let path = folder + "/" + name
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw CommandError.system("create", path) }
            defer { close(descriptor) }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
            try file.write(contentsOf: Data((TemplateFiles.builtIn[name] ?? "").utf8))
            fchmod(descriptor, 0o644)
        }
    }
}
