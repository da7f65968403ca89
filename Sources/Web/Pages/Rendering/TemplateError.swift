/// Why the templates cannot be used: one sentence that names the file and says what to do.
package struct TemplateError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
