-- The page of a product, another one each time.
local report = require("report")
local goods

function init(arguments)
    math.randomseed(seed)
    goods = tonumber(arguments[1])
end

function request()
    return wrk.format("GET", "/api/products/" .. report.id(math.random(goods)) .. "/")
end

function done(summary, latency)
    report.print(summary, latency)
end
