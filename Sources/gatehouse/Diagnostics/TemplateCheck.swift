import AuthorizationServer
import OAuth
import Web

/// Whether the pages can be shown as they lie on the disk now.
struct TemplateCheck {
    private let configuration: ServerConfiguration

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    var findings: [Finding] {
        do {
            let base = try Issuer(configuration.issuer).path
            let renderer = try PageRenderer(templatesDirectory: configuration.paths.templates, base: base)
            let gaps = renderer.unshown.map { template, names in
                Finding(
                    "templates", .warning,
                    "The template '\(template)' never shows \(names.map { "{{\($0)}}" }.joined(separator: ", ")), which the one "
                        + "of the distribution does; compare both.")
            }
            return gaps.isEmpty
                ? [Finding("templates", .ok, "Each page of \(configuration.paths.templates) can be shown.")] : gaps
        } catch {
            return [Finding("templates", .problem, Sentence.of(error))]
        }
    }
}
