// The etcd server itself, as a module of ours, so that its version is pinned by go.mod and no replace directive is in the way.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
