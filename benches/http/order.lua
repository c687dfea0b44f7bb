-- A guest orders two different products. In the run's last moments nobody orders any more, so that every order is
-- answered before wrk hangs up: then there are exactly as many orders as answers.
local ffi = require("ffi")
local report = require("report")

ffi.cdef([[
    struct now { long seconds, microseconds; };
    int gettimeofday(struct now *now, void *zone);
]])

local body = '{"email": "guest@example.com",'
    .. '"shipping_address": {"name": "A Guest", "line1": "Moi Avenue 12", "city": "Nairobi", "country": "KE"},'
    .. '"lines": [{"sku": "BENCH-%d", "quantity": 1}, {"sku": "BENCH-%d", "quantity": 1}]}'
local goods, duration
local moment = ffi.new("struct now")

-- Globals: `done` asks every thread for them.
placed, refused, began, ended = 0, 0, 0, 0

local function now()
    ffi.C.gettimeofday(moment, nil)
    return tonumber(moment.seconds) + tonumber(moment.microseconds) / 1e6
end

function init(arguments)
    math.randomseed(seed)
    goods, duration = tonumber(arguments[1]), tonumber(arguments[2])
    wrk.headers["Content-Type"] = "application/json"
    began = now()
end

function delay()
    return now() < began + duration and 0 or 3600 * 1000
end

function request()
    local first = math.random(goods)
    local second = 1 + (first - 1 + math.random(goods - 1)) % goods
    return wrk.format("POST", "/api/orders/", nil, string.format(body, first, second))
end

function response(status)
    ended = now()
    if status == 201 then
        placed = placed + 1
    else
        refused = refused + 1
    end
end

function done(summary, latency)
    local own = { answered = 0, refused = 0 }
    local first, last = math.huge, 0
    for _, thread in ipairs(report.threads) do
        own.answered = own.answered + thread:get("placed")
        own.refused = own.refused + thread:get("refused")
        first = math.min(first, thread:get("began"))
        last = math.max(last, thread:get("ended"))
    end
    own.seconds = last - first
    report.print(summary, latency, own)
end
