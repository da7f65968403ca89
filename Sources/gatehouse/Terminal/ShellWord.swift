/// Text as one word of a shell, for commands that a user copies and for files that a shell reads.
enum ShellWord {
    /// The text as it is if a shell takes it literally, otherwise in quotes. A URL of a stranger may contain a quote itself.
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_.:/".utf8.contains(byte)
        }
        return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: #"'\''"#))'"
    }
}
