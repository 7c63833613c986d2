# One image for web, relay, workers and migrations; docker-compose.yml says which of them a container is.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=haic_annotate.settings \
    HAIC_DATA=/var/lib/haic STATIC_ROOT=/srv/static
WORKDIR /srv/haic

COPY requirements-production.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements-production.txt

COPY manage.py ./
COPY haic_annotate haic_annotate
COPY annotation annotation
COPY qa qa
COPY templates templates
COPY static static

# Nothing that runs could keep what it compiles: the code is root's.
# Collecting reads settings but reaches nothing; the values are gone with this step.
RUN python -m compileall -q haic_annotate annotation qa \
    && SECRET_KEY=unused-while-building DATABASE_URL=postgres:///unused python manage.py collectstatic --noinput -v 0 \
    && useradd --system --uid 1000 --home-dir /var/lib/haic haic \
    && install -d -o haic -g haic /var/lib/haic /var/lib/haic/media /var/lib/haic/work
USER haic
EXPOSE 8000
CMD ["gunicorn", "haic_annotate.wsgi", "-c", "haic_annotate/production/gunicorn.py"]
