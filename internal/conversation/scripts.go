package conversation

import (
	"embed"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// scripts are the transactions. Each touches one partition only.
type scripts struct {
	accept, claim, commit, announce *redis.Script
	take, failed                    *redis.Script
	hold, release, members          *redis.Script
}

func loadScripts() (scripts, error) {
	shared, err := luaFiles.ReadFile("lua/shared.lua")
	if err != nil {
		return scripts{}, err
	}
	var out scripts
	for name, into := range map[string]**redis.Script{
		"accept": &out.accept, "claim": &out.claim, "commit": &out.commit, "announce": &out.announce,
		"take": &out.take, "failed": &out.failed,
		"hold": &out.hold, "release": &out.release, "members": &out.members,
	} {
		body, err := luaFiles.ReadFile("lua/" + name + ".lua")
		if err != nil {
			return scripts{}, err
		}
		*into = redis.NewScript(string(shared) + string(body))
	}
	return out, nil
}
