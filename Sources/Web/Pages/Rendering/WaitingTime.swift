/// How long a person has to wait, in words.
enum WaitingTime {
    /// Seconds as they are up to a minute, then whole minutes, never fewer than it takes.
    static func words(_ seconds: Int64) -> String {
        if seconds < 60 { return seconds == 1 ? "1 second" : "\(seconds) seconds" }
        let minutes = (seconds + 59) / 60
        return minutes == 1 ? "1 minute" : "\(minutes) minutes"
    }
}
