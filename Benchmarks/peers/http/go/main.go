// The benchmark's web server in Go: net/http and its router.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
)

var requests atomic.Uint64

func withID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if id == "" {
			id = strconv.FormatUint(requests.Add(1), 16)
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r)
	})
}

func withSecurity(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("Referrer-Policy", "strict-origin-when-cross-origin")
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func withOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		next.ServeHTTP(w, r)
	})
}

func main() {
	port := flag.Int("port", 0, "")
	threads := flag.Int("threads", 1, "")
	root := flag.String("root", ".", "")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	mux := http.NewServeMux()
	mux.HandleFunc("/plaintext", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("Hello, World!\n"))
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"message": "Hello, World!"})
	})
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		mux.HandleFunc("/api/"+name+"/", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("x")) })
	}
	// Debian's Go has no patterns with parameters yet: what is behind the prefix is parted by hand.
	posts := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var id int
		if _, err := fmt.Sscanf(r.URL.Path, "/api/users/%d/posts", &id); err != nil {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte("posts of " + strconv.Itoa(id)))
	})
	mux.Handle("/api/users/", withID(withSecurity(withOrigins(posts))))
	mux.Handle("/files/", http.FileServer(http.Dir(*root)))
	http.ListenAndServe("127.0.0.1:"+strconv.Itoa(*port), mux)
}
