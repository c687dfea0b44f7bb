-- Places orders of a guest with two products. Stops before the end of the run, so that wrk receives the response to
-- every order and the number of orders equals the number of responses.
local ffi = require("ffi")
local report = require("report")

ffi.cdef([[
    struct now { long seconds, microseconds; };
    int gettimeofday(struct now *now, void *zone);
]])

local body = '{"email": "guest@example.com",'
    .. '"shipping_address": {"name": "A Guest", "line1": "Moi Avenue 12", "city": "Nairobi", "country": "KE"},'
    .. '"lines": [{"sku": "BENCH-%d", "quantity": 1}, {"sku": "BENCH-%d", "quantity": 1}]}'
local products, duration
local moment = ffi.new("struct now")

-- Globals, because `done` reads them from every thread.
placed, rejected, started, ended = 0, 0, 0, 0

local function now()
    ffi.C.gettimeofday(moment, nil)
    return tonumber(moment.seconds) + tonumber(moment.microseconds) / 1e6
end

function init(arguments)
    math.randomseed(seed)
    products, duration = tonumber(arguments[1]), tonumber(arguments[2])
    wrk.headers["Content-Type"] = "application/json"
    started = now()
end

function delay()
    return now() < started + duration and 0 or 3600 * 1000
end

function request()
    local first = math.random(products)
    local second = 1 + (first - 1 + math.random(products - 1)) % products
    return wrk.format("POST", "/api/orders/", nil, string.format(body, first, second))
end

function response(status)
    ended = now()
    if status == 201 then
        placed = placed + 1
    else
        rejected = rejected + 1
    end
end

function done(summary, latency)
    local own = { responses = 0, rejected = 0 }
    local first, last = math.huge, 0
    for _, thread in ipairs(report.threads) do
        own.responses = own.responses + thread:get("placed")
        own.rejected = own.rejected + thread:get("rejected")
        first = math.min(first, thread:get("started"))
        last = math.max(last, thread:get("ended"))
    end
    own.seconds = last - first
    report.print(summary, latency, own)
end
