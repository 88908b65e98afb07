"""The HTTP API: a table of routes for each KFP version (`v1`, `v2`) and for the owner of the server.

`shared` holds what both versions share. A call passes through `routing.respond`: the query and the body are
read (`calls`, `protojson`), the route's `parse` checks them, `authorization` finds the target (`targets`) and
decides, the handler answers. Handlers decide nothing: the rules are in `core`.
"""
