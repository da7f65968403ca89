/// Storage names the types of its engine in one folder, so that a second engine is a second folder.
enum EngineRule {
    private static let types = ["OpaquePointer", "sqlite3", "Database)", "Database,", "DatabasePool", "Statement"]

    static func violations(in file: RepositoryFile) -> [String] {
        let code = SwiftText(file.text).code
        return types.filter(code.contains).map { "\(file.path): names \($0)" }
    }

    /// Suites that neither look into SQLite's file nor say that they run on each engine.
    static func unboundSuites(in file: RepositoryFile) -> [String] {
        let isOfOneEngine = file.path.contains("/Engine/") || file.path.contains("/Migrations/")
        guard !isOfOneEngine, !file.text.contains("import GRDB"), file.text.contains("@Suite(\"") else { return [] }
        return file.text.contains(".onEachStore)") ? [] : ["\(file.path): its suite does not run on each engine"]
    }
}
