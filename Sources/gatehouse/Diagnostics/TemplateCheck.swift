import AuthorizationServer
import OAuth
import Web

/// Checks that every page can be rendered from the templates on the disk.
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
            return omissions.isEmpty
                ? [Finding("templates", .ok, "Every page in \(configuration.templates) can be rendered.")]
                : omissions
        } catch {
            return [Finding("templates", .problem, Sentence.of(error))]
        }
    }
}
