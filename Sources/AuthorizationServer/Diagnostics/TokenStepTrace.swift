import OAuth

/// Tells the timeline of an authorization that its code was refused at the token endpoint, at whatever stage.
struct TokenStepTrace: Sendable {
    let timelines: AuthorizationTraces
    let clock: WallClock

    /// Notes the refusal, if the request named a code of an authorization that is remembered.
    func refused(_ error: OAuthError, _ parameters: Parameters) {
        let code = (try? parameters.value(.code)).flatMap { $0 }.flatMap { AuthorizationCode($0) }
        code.flatMap { timelines.attempt(of: $0, clock: clock) }?.note(.redemptionRefused(error))
    }
}
