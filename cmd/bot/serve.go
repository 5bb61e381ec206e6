package main

import (
	"fmt"

	"go.uber.org/zap"

	"frontdoor/internal/app"
	"frontdoor/internal/config"
)

type serveCmd struct {
	catalogueFlag
	corpusFlag
	Embedded bool `help:"Run with the in-process Redis although a chat platform is on: what waits in it is lost when the process dies."`
}

// Run runs the bot until it is told to stop.
func (c *serveCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, c.catalogueFlag, c.corpusFlag)
	if err != nil {
		return err
	}
	if on := platform(cfg); on != "" && cfg.Redis.URL == "" && !c.Embedded {
		return usagef("%s is on and redis.url is empty: what waits in the in-process Redis is lost when the process dies; set redis.url, or say --embedded to accept that", on)
	}
	log, err := app.Logger(cfg, s.err, "")
	if err != nil {
		return err
	}
	bot, err := app.New(s.ctx, cfg, app.Options{
		Log: log, Progress: indexing(s), Listen: cfg.HTTP.Listen,
		Notice: func(line string) { log.Warn(line) },
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	bot.Start()
	log.Info("ready", zap.String("version", versionOf()), zap.String("http", bot.Address()))
	<-s.ctx.Done()
	log.Info("stopping")
	return bot.Stop()
}

// platform names a chat platform that the configuration turns on, "" for none.
func platform(cfg config.Config) string {
	switch {
	case cfg.Slack.BotToken != "" || len(cfg.Slack.Workspaces) > 0:
		return "slack"
	case cfg.Discord.Token != "":
		return "discord"
	}
	return ""
}
