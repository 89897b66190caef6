// A measurement peer: a small key-value server on hashicorp/raft with raft-wal (versions: go.mod).
//
//	hashicorp server -id n1 -raft 127.0.0.1:19101 -http 127.0.0.1:19111 -dir DIR -peers n1=127.0.0.1:19101,n2=...,n3=...
//	  [-maxappend 64] [-cache 512] [-batch]   (-batch = raft.Config.BatchApplyCh; -cache = raft.LogCache in front of the wal, as Consul does)
//	hashicorp inmem -c 64 -sec 3 [-n 3]      three nodes in this process, in-memory transport, log and snapshots
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

type cmd struct{ Op, K, V string }

type fsm struct {
	mu sync.RWMutex
	m  map[string]string
}

func (f *fsm) Apply(l *raft.Log) interface{} {
	var c cmd
	if err := json.Unmarshal(l.Data, &c); err != nil {
		panic(err)
	}
	f.mu.Lock()
	if c.Op == "del" {
		delete(f.m, c.K)
	} else {
		f.m[c.K] = c.V
	}
	f.mu.Unlock()
	return nil
}

type snap map[string]string

func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	s := make(snap, len(f.m))
	for k, v := range f.m {
		s[k] = v
	}
	return s, nil
}
func (f *fsm) Restore(r io.ReadCloser) error {
	m := map[string]string{}
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return err
	}
	f.mu.Lock()
	f.m = m
	f.mu.Unlock()
	return nil
}
func (s snap) Persist(k raft.SnapshotSink) error {
	if err := json.NewEncoder(k).Encode(s); err != nil {
		k.Cancel()
		return err
	}
	return k.Close()
}
func (s snap) Release() {}

type rawFSM struct{ n uint64 }

func (f *rawFSM) Apply(l *raft.Log) interface{}       { atomic.AddUint64(&f.n, 1); return nil }
func (f *rawFSM) Snapshot() (raft.FSMSnapshot, error) { return snap{}, nil }
func (f *rawFSM) Restore(r io.ReadCloser) error       { return r.Close() }

type result struct {
	Conc int     `json:"conc"`
	Ops  int     `json:"ops"`
	OpsS float64 `json:"ops_s"`
	P50  float64 `json:"p50_ms"`
	P90  float64 `json:"p90_ms"`
	P99  float64 `json:"p99_ms"`
	P999 float64 `json:"p999_ms"`
	Max  float64 `json:"max_ms"`
	Errs int     `json:"errs"`
}

// load drives c concurrent Apply calls of 256 B commands for sec seconds, or until total are done.
func load(r *raft.Raft, c int, sec float64, total int64, data func(i int) []byte) result {
	var done int64
	var wg sync.WaitGroup
	lats := make([][]float64, c)
	errs := int64(0)
	t0 := time.Now()
	end := t0.Add(time.Duration(sec * float64(time.Second)))
	for w := 0; w < c; w++ {
		wg.Add(1)
		go func(w int) {
			defer wg.Done()
			for i := 0; total > 0 && atomic.LoadInt64(&done) < total || total == 0 && time.Now().Before(end); i++ {
				a := time.Now()
				if err := r.Apply(data(w*1000+i%1000), 10*time.Second).Error(); err != nil {
					atomic.AddInt64(&errs, 1)
					return
				}
				atomic.AddInt64(&done, 1)
				lats[w] = append(lats[w], float64(time.Since(a).Microseconds())/1000)
			}
		}(w)
	}
	wg.Wait()
	el := time.Since(t0).Seconds()
	var all []float64
	for _, l := range lats {
		all = append(all, l...)
	}
	sort.Float64s(all)
	if len(all) == 0 {
		return result{Conc: c, Errs: int(errs)}
	}
	return result{c, len(all), float64(len(all)) / el, all[len(all)/2], all[len(all)*90/100], all[len(all)*99/100], all[len(all)*999/1000], all[len(all)-1], int(errs)}
}

func jsonCmd(keys int) func(int) []byte {
	return func(i int) []byte {
		b, _ := json.Marshal(cmd{"set", "key" + strconv.Itoa(i%keys), strings.Repeat("v", 256)})
		return b
	}
}

func leader(r *raft.Raft) string { a, _ := r.LeaderWithID(); return string(a) }

func server(args []string) {
	fs := flag.NewFlagSet("server", flag.ExitOnError)
	id := fs.String("id", "", "")
	ra := fs.String("raft", "", "")
	ha := fs.String("http", "", "")
	dir := fs.String("dir", "", "")
	peers := fs.String("peers", "", "")
	maxAppend := fs.Int("maxappend", 64, "")
	cache := fs.Int("cache", 512, "")
	batch := fs.Bool("batch", false, "")
	fs.Parse(args)
	os.MkdirAll(filepath.Join(*dir, "wal"), 0755)
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(*id)
	c.LogLevel = "WARN"
	c.MaxAppendEntries = *maxAppend
	c.BatchApplyCh = *batch
	f := &fsm{m: map[string]string{}}
	addr, err := net.ResolveTCPAddr("tcp", *ra)
	if err != nil {
		panic(err)
	}
	tr, err := raft.NewTCPTransport(*ra, addr, 3, 10*time.Second, os.Stderr)
	if err != nil {
		panic(err)
	}
	ss, err := raft.NewFileSnapshotStore(*dir, 2, os.Stderr)
	if err != nil {
		panic(err)
	}
	st, err := wal.Open(filepath.Join(*dir, "wal"))
	if err != nil {
		panic(err)
	}
	var ls raft.LogStore = st
	if *cache > 0 {
		if ls, err = raft.NewLogCache(*cache, st); err != nil {
			panic(err)
		}
	}
	had, err := raft.HasExistingState(ls, st, ss)
	if err != nil {
		panic(err)
	}
	if !had {
		var conf raft.Configuration
		for _, p := range strings.Split(*peers, ",") {
			kv := strings.SplitN(p, "=", 2)
			conf.Servers = append(conf.Servers, raft.Server{ID: raft.ServerID(kv[0]), Address: raft.ServerAddress(kv[1])})
		}
		if err := raft.BootstrapCluster(c, ls, st, ss, tr, conf); err != nil {
			panic(err)
		}
	}
	r, err := raft.NewRaft(c, f, ls, st, ss, tr)
	if err != nil {
		panic(err)
	}
	fail := func(w http.ResponseWriter, err error) {
		w.Header().Set("X-RAFT-LEADER", leader(r))
		http.Error(w, err.Error(), 500)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/key", func(w http.ResponseWriter, q *http.Request) {
		m := map[string]string{}
		if err := json.NewDecoder(q.Body).Decode(&m); err != nil {
			fail(w, err)
			return
		}
		for k, v := range m {
			if r.State() != raft.Leader {
				fail(w, raft.ErrNotLeader)
				return
			}
			b, _ := json.Marshal(cmd{"set", k, v})
			if err := r.Apply(b, 10*time.Second).Error(); err != nil {
				fail(w, err)
				return
			}
		}
	})
	mux.HandleFunc("/key/", func(w http.ResponseWriter, q *http.Request) {
		k := strings.TrimPrefix(q.URL.Path, "/key/")
		if q.URL.Query().Get("stale") == "" {
			if r.State() != raft.Leader {
				fail(w, raft.ErrNotLeader)
				return
			}
			var err error
			if q.URL.Query().Get("verify") != "" { // leadership check by heartbeat instead of a log entry
				err = r.VerifyLeader().Error()
			} else {
				err = r.Barrier(5 * time.Second).Error()
			}
			if err != nil {
				fail(w, err)
				return
			}
		}
		f.mu.RLock()
		v := f.m[k]
		f.mu.RUnlock()
		b, _ := json.Marshal(map[string]string{k: v})
		w.Write(b)
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, q *http.Request) {
		json.NewEncoder(w).Encode(map[string]interface{}{"id": *id, "state": r.State().String(), "leader": leader(r), "last": r.LastIndex(), "applied": r.AppliedIndex()})
	})
	mux.HandleFunc("/bench", func(w http.ResponseWriter, q *http.Request) {
		n, _ := strconv.Atoi(q.URL.Query().Get("c"))
		s, _ := strconv.ParseFloat(q.URL.Query().Get("sec"), 64)
		t, _ := strconv.ParseInt(q.URL.Query().Get("total"), 10, 64)
		k, _ := strconv.Atoi(q.URL.Query().Get("keys"))
		if k == 0 {
			k = 10000
		}
		json.NewEncoder(w).Encode(load(r, n, s, t, jsonCmd(k)))
	})
	panic(http.ListenAndServe(*ha, mux))
}

func inmem(args []string) {
	fs := flag.NewFlagSet("inmem", flag.ExitOnError)
	n := fs.Int("n", 3, "")
	cc := fs.Int("c", 64, "")
	sec := fs.Float64("sec", 3, "")
	fs.Parse(args)
	var conf raft.Configuration
	var trs []*raft.InmemTransport
	for i := 0; i < *n; i++ {
		a, t := raft.NewInmemTransport("")
		trs = append(trs, t)
		conf.Servers = append(conf.Servers, raft.Server{ID: raft.ServerID(strconv.Itoa(i)), Address: a})
	}
	var rs []*raft.Raft
	for i := range trs {
		for j := range trs {
			trs[i].Connect(conf.Servers[j].Address, trs[j])
		}
		c := raft.DefaultConfig()
		c.LocalID = conf.Servers[i].ID
		c.LogLevel = "ERROR"
		st, sn := raft.NewInmemStore(), raft.NewInmemSnapshotStore()
		if err := raft.BootstrapCluster(c, st, st, sn, trs[i], conf); err != nil {
			panic(err)
		}
		r, err := raft.NewRaft(c, &rawFSM{}, st, st, sn, trs[i])
		if err != nil {
			panic(err)
		}
		rs = append(rs, r)
	}
	var lead *raft.Raft
	for lead == nil {
		time.Sleep(50 * time.Millisecond)
		for _, r := range rs {
			if r.State() == raft.Leader {
				lead = r
			}
		}
	}
	d := make([]byte, 256)
	json.NewEncoder(os.Stdout).Encode(load(lead, *cc, *sec, 0, func(int) []byte { return d }))
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "hraft server|inmem ...")
		os.Exit(2)
	}
	switch os.Args[1] {
	case "server":
		server(os.Args[2:])
	case "inmem":
		inmem(os.Args[2:])
	}
}
