import CEmbedded
import Foundation

/// The files that pages are rendered from: those of the operator's folder, and for every other name the built-in one.
///
/// An operator who changes one page keeps one file, and gets the pages of a newer version for the others.
package struct TemplateFiles: Sendable {
    /// The name of the stylesheet.
    static let stylesheet = "gatehouse.css"
    /// The files of the folder `templates` that this program was built from, by name.
    package static let builtIn = embedded()

    /// The text of each file by its name.
    let texts: [String: String]
    /// The names of the files in the operator's folder.
    let own: Set<String>

    /// Reads the templates and the stylesheet of a folder; without one all files are built in. Other files are ignored.
    init(folder: String?) throws(TemplateError) {
        guard let folder else {
            (texts, own) = (Self.builtIn, [])
            return
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw TemplateError(
                "The templates folder \(folder) cannot be read: set 'templates' to the right folder, or to none for the "
                    + "built-in templates.")
        }
        var texts = Self.builtIn
        var own: Set<String> = []
        // Editors leave hidden files beside those that they have open.
        for name in names where name.hasSuffix(".mustache") && !name.hasPrefix(".") || name == Self.stylesheet {
            guard let data = FileManager.default.contents(atPath: folder + "/" + name),
                let text = String(validating: data, as: UTF8.self)
            else {
                throw TemplateError(
                    "\(name) in \(folder) cannot be read as UTF-8 text: correct it, or remove it for the built-in one.")
            }
            texts[name] = text
            own.insert(name)
        }
        (self.texts, self.own) = (texts, own)
    }

    /// The text of each template by its name without the extension.
    var templates: [String: String] {
        var templates: [String: String] = [:]
        for (name, text) in texts where name.hasSuffix(".mustache") {
            templates[String(name.dropLast(".mustache".count))] = text
        }
        return templates
    }

    private static func embedded() -> [String: String] {
        var files: [String: String] = [:]
        var index = 0
        while let file = CEmbedded_template(index) {
            files[String(cString: file.pointee.name)] = String(cString: file.pointee.text)
            index += 1
        }
        return files
    }
}
