package import Hummingbird

/// Turns whatever a handler or a middleware threw into its answer, at this one place.
package struct ErrorCatcher: RouterMiddleware {
    package typealias Context = WebContext

    private let answers: ErrorAnswers

    package init(answers: ErrorAnswers) {
        self.answers = answers
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return answers.response(to: error, request: request, context: context)
        }
    }
}

/// The same for the listeners that know neither people nor OAuth: their handlers throw nothing but refusals.
struct PlainErrorCatcher: RouterMiddleware {
    typealias Context = WebContext

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return ErrorAnswers.json(refusal)
        }
    }
}
