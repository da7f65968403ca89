import AuthorizationServer
import OAuth
import Web

/// Checks that every page can be rendered from the built-in templates and those on the disk.
struct TemplateCheck {
    private let configuration: ServerConfiguration

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    var findings: [Finding] {
        do {
            let base = try Issuer(configuration.issuer).path
            let renderer = try PageRenderer(templatesDirectory: configuration.templates, base: base)
            let omissions = renderer.unshown.map { template, names in
                Finding(
                    "templates", .warning,
                    "The template '\(template)' omits \(names.map { "{{\($0)}}" }.joined(separator: ", ")), which the "
                        + "original template shows. Compare both.")
            }
            let unused = renderer.unused.map {
                Finding("templates", .warning, "No page uses the template '\($0)'. Correct its name, or remove it.")
            }
            let warnings = omissions + unused
            return warnings.isEmpty ? [Finding("templates", .ok, success(renderer))] : warnings
        } catch {
            return [Finding("templates", .problem, Sentence.of(error))]
        }
    }

    private func success(_ renderer: PageRenderer) -> String {
        guard let folder = configuration.templates else {
            return "Every page can be rendered from the built-in templates."
        }
        let files = Sentence.count(renderer.ownFiles, "file")
        return "Every page can be rendered with the \(files) of \(folder) and the built-in templates."
    }
}
