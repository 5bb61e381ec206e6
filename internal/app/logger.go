package app

import (
	"fmt"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"frontdoor/internal/config"
)

// Logger writes to w as the configuration says. least, where not "", is the
// level for a command that talks to a person instead.
func Logger(cfg config.Config, w io.Writer, least string) (*zap.Logger, error) {
	level := cfg.Log.Level
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	enc := zapcore.NewJSONEncoder(encoder)
	if least != "" {
		level = least
	}
	if cfg.Log.Format == "console" || least != "" && cfg.File == "" {
		encoder.EncodeLevel = zapcore.CapitalLevelEncoder
		enc = zapcore.NewConsoleEncoder(encoder)
	}
	parsed, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	return zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(w)), parsed)), nil
}
