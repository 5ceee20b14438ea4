"""A function app that does nothing: what the functions host alone costs a request."""

import azure.functions as func

app = func.FunctionApp()


@app.function_name("noop")
@app.route("noop", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def noop(req: func.HttpRequest) -> func.HttpResponse:
    """Read the body, as any webhook must, and answer 200."""
    req.get_body()
    return func.HttpResponse(status_code=200)
