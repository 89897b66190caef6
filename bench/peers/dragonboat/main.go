// dragonboat: a measurement peer on dragonboat (version: go.mod): one NodeHost with one shard per process, SyncPropose in the process.
//
//	dragonboat -id 1 -http 127.0.0.1:19611 -dir DIR -peers 1=127.0.0.1:19601,2=...,3=...
//	GET /status, GET /bench?c=64&sec=3 (on the leader), POST /key {"k":"v"}, GET /key/K (SyncRead)
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lni/dragonboat/v4"
	"github.com/lni/dragonboat/v4/config"
	"github.com/lni/dragonboat/v4/logger"
	sm "github.com/lni/dragonboat/v4/statemachine"
)

type cmd struct{ Op, K, V string }

type fsm struct{ m map[string]string } // dragonboat itself guards a plain state machine with a lock

func (f *fsm) Update(e sm.Entry) (sm.Result, error) {
	var c cmd
	if err := json.Unmarshal(e.Cmd, &c); err != nil {
		return sm.Result{}, err
	}
	f.m[c.K] = c.V
	return sm.Result{Value: 1}, nil
}
func (f *fsm) Lookup(k interface{}) (interface{}, error) { return f.m[k.(string)], nil }
func (f *fsm) SaveSnapshot(w io.Writer, _ sm.ISnapshotFileCollection, _ <-chan struct{}) error {
	return json.NewEncoder(w).Encode(f.m)
}
func (f *fsm) RecoverFromSnapshot(r io.Reader, _ []sm.SnapshotFile, _ <-chan struct{}) error {
	return json.NewDecoder(r).Decode(&f.m)
}
func (f *fsm) Close() error { return nil }

func main() {
	id := flag.Uint64("id", 1, "")
	ha := flag.String("http", "", "")
	dir := flag.String("dir", "", "")
	peers := flag.String("peers", "", "")
	flag.Parse()
	for _, n := range []string{"raft", "rsm", "transport", "grpc", "logdb", "dragonboat", "raftpb", "config", "settings", "order", "utils"} {
		logger.GetLogger(n).SetLevel(logger.ERROR)
	}
	members := map[uint64]dragonboat.Target{}
	for _, p := range strings.Split(*peers, ",") {
		kv := strings.SplitN(p, "=", 2)
		n, err := strconv.ParseUint(kv[0], 10, 64)
		if err != nil {
			panic(err)
		}
		members[n] = kv[1]
	}
	nh, err := dragonboat.NewNodeHost(config.NodeHostConfig{NodeHostDir: *dir, RTTMillisecond: 100, RaftAddress: members[*id]})
	if err != nil {
		panic(err)
	}
	const shard = 1
	// ElectionRTT 10 × 100 ms = 1-2 s, as etcd's default
	if err := nh.StartReplica(members, false, func(uint64, uint64) sm.IStateMachine { return &fsm{m: map[string]string{}} },
		config.Config{ReplicaID: *id, ShardID: shard, ElectionRTT: 10, HeartbeatRTT: 1, CheckQuorum: true, PreVote: true, SnapshotEntries: 100000, CompactionOverhead: 10000}); err != nil {
		panic(err)
	}
	propose := func(b []byte) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := nh.SyncPropose(ctx, nh.GetNoOPSession(shard), b)
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/key", func(w http.ResponseWriter, q *http.Request) {
		m := map[string]string{}
		if err := json.NewDecoder(q.Body).Decode(&m); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		for k, v := range m {
			b, _ := json.Marshal(cmd{"set", k, v})
			if err := propose(b); err != nil {
				http.Error(w, err.Error(), 500)
				return
			}
		}
	})
	mux.HandleFunc("/key/", func(w http.ResponseWriter, q *http.Request) {
		k := strings.TrimPrefix(q.URL.Path, "/key/")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		v, err := nh.SyncRead(ctx, shard, k)
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		b, _ := json.Marshal(map[string]string{k: v.(string)})
		w.Write(b)
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, q *http.Request) {
		l, _, ok, _ := nh.GetLeaderID(shard)
		s := "Follower"
		if ok && l == *id {
			s = "Leader"
		}
		json.NewEncoder(w).Encode(map[string]interface{}{"id": *id, "state": s, "leader": l})
	})
	mux.HandleFunc("/bench", func(w http.ResponseWriter, q *http.Request) {
		c, _ := strconv.Atoi(q.URL.Query().Get("c"))
		sec, _ := strconv.ParseFloat(q.URL.Query().Get("sec"), 64)
		var wg sync.WaitGroup
		var errs int64
		lats := make([][]float64, c)
		v := strings.Repeat("v", 256)
		t0 := time.Now()
		end := t0.Add(time.Duration(sec * 1e9))
		for n := 0; n < c; n++ {
			wg.Add(1)
			go func(n int) {
				defer wg.Done()
				for i := 0; time.Now().Before(end); i++ {
					b, _ := json.Marshal(cmd{"set", "key" + strconv.Itoa((n*1000+i%1000)%10000), v})
					a := time.Now()
					if propose(b) != nil {
						atomic.AddInt64(&errs, 1)
						continue
					}
					lats[n] = append(lats[n], float64(time.Since(a).Microseconds())/1000)
				}
			}(n)
		}
		wg.Wait()
		el := time.Since(t0).Seconds()
		var all []float64
		for _, l := range lats {
			all = append(all, l...)
		}
		sort.Float64s(all)
		if len(all) == 0 {
			all = []float64{0}
		}
		json.NewEncoder(w).Encode(map[string]interface{}{"conc": c, "ops": len(all), "ops_s": float64(len(all)) / el, "p50_ms": all[len(all)/2], "p90_ms": all[len(all)*90/100], "p99_ms": all[len(all)*99/100], "p999_ms": all[len(all)*999/1000], "max_ms": all[len(all)-1], "errs": errs})
	})
	fmt.Println("up")
	panic(http.ListenAndServe(*ha, mux))
}
