module pluginserver.example/benchmarks/hello

go 1.24

require github.com/Kong/go-pdk v0.11.1
